/** What the commands of XEP-0133 have in common. */
import {
  type CommandBuilder,
  type CommandRun,
  commandError,
  defineCommand,
  defineForm,
  type FieldDefinitions,
  type Form,
  type FormDefinition,
  type FormValues,
  StanzaError,
} from "@rookery/protocol";
import { AccountError } from "../../accounts/accounts.ts";
import type { Host } from "../../host.ts";
import type { Facts } from "../../log.ts";
import { admins, type CommandContext } from "../commands/contract.ts";

const ADMIN_NS = "http://jabber.org/protocol/admin";

/** Whoever executes a command, with the values of its stages. */
export type AdminRun<V = unknown> = CommandRun<V, CommandContext>;

/** Begins a command for administrators, with the node of XEP-0133. */
export function adminCommand(name: string, title: string): CommandBuilder<object, CommandContext> {
  return defineCommand({ node: `${ADMIN_NS}#${name}`, name: title, allowed: admins });
}

/** A form of XEP-0133; its fields have the names of §8.2. */
export function adminForm<const F extends FieldDefinitions>(fields: F): FormDefinition<F> {
  return defineForm({ formType: ADMIN_NS, fields });
}

/** An answer in a form, with the labels of its fields. */
export function adminResult<F extends FieldDefinitions>(
  definition: FormDefinition<F>,
  values: FormValues<F>,
): Form {
  return { ...definition.form(values), type: "result" };
}

/**
 * Does what an administrator asked for, and logs who did what to whom.
 *
 * @param facts the command, and what it was done to; never a password or the text of a message.
 * @throws StanzaError that tells why it was not done.
 */
export async function perform<T>(
  host: Host,
  { requester }: AdminRun,
  facts: Facts & { readonly command: string },
  action: () => T | Promise<T>,
): Promise<T> {
  const known = { domain: host.domain.toString(), admin: requester.toString(), ...facts };
  try {
    const done = await action();
    host.log.info("done for an administrator", known);
    return done;
  } catch (error) {
    host.log.warn("not done for an administrator", { ...known, error });
    throw explained(error);
  }
}

/** In the conditions of XEP-0133 §5 and XEP-0050 §5.4. */
function explained(error: unknown): unknown {
  if (!(error instanceof AccountError)) return error;
  switch (error.problem) {
    case "exists":
      return new StanzaError("conflict", error.message);
    case "not-found":
      return new StanzaError("item-not-found", error.message);
    case "refused":
      return commandError("bad-payload", error.message);
  }
}
