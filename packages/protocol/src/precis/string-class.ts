import { brokenContextRule } from "./context-rules.ts";
import { type DerivedProperty, derivedProperty } from "./derived-property.ts";
import { codePointName, PreparationError } from "./preparation-error.ts";

/** RFC 8264 §4: the two classes of strings. */
export type StringClass = "IdentifierClass" | "FreeformClass";

/**
 * Checks that a string consists of what a class allows (RFC 8264 §4.2, §4.3).
 *
 * @throws PreparationError that names the first code point that is not allowed.
 */
export function checkStringClass(text: string, stringClass: StringClass): void {
  if (!(stringClass === "IdentifierClass" ? PLAIN_IDENTIFIER : PLAIN_FREEFORM).test(text)) {
    for (const char of text) {
      if (!allows(stringClass, derivedProperty(char))) {
        throw new PreparationError(
          `contains ${codePointName(char)}, which the ${stringClass} does not allow (RFC 8264 §8)`,
        );
      }
    }
  } else if (stringClass === "IdentifierClass" && text.normalize("NFKC") !== text) {
    const char = Array.from(text).find((c) => derivedProperty(c) !== "PVALID");
    if (char !== undefined) {
      throw new PreparationError(
        `contains ${codePointName(char)}, which the IdentifierClass does not allow: it stands for something else (HasCompat, RFC 8264 §9.17)`,
      );
    }
  }
  const broken = brokenContextRule(text);
  if (broken !== undefined) throw new PreparationError(broken);
}

function allows(stringClass: StringClass, property: DerivedProperty): boolean {
  switch (property) {
    case "PVALID":
    case "CONTEXTJ":
    case "CONTEXTO":
      return true;
    case "FREE_PVAL":
      return stringClass === "FreeformClass";
    case "DISALLOWED":
    case "UNASSIGNED":
      return false;
  }
}

/**
 * Strings that need no look at each code point. Both sets are parts of what the derived property
 * allows, HasCompat apart, and leave out whatever has a rule of its own.
 */
const PLAIN_IDENTIFIER =
  /^[[!-~\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]--[\u302E-\u302F\p{Default_Ignorable_Code_Point}\u0640\u07FA\u3031-\u3035\u303B\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB]]*$/v;
const PLAIN_FREEFORM =
  /^[[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]--[\u302E-\u302F\p{Default_Ignorable_Code_Point}\u0640\u07FA\u3031-\u3035\u303B\u1100-\u11FF\uA960-\uA97C\uD7B0-\uD7FB]]*$/v;
