/** Ad-hoc commands of one's own, with typed stages: XEP-0050 (1.3.1). */
import type { Element } from "@rookery/xml";
import type { FieldDefinitions, FormDefinition, FormValues } from "../form-definition.ts";
import type { Form } from "../forms.ts";
import type { Jid } from "../jid.ts";
import type { CommandNote } from "../payloads/command.ts";

/** A value that is there at once, or a promise of it. */
type Maybe<T> = T | Promise<T>;

/**
 * What a command knows of who executes it.
 *
 * @typeParam C what whoever serves the command gives to all its commands.
 */
export interface CommandRequester<C> {
  /** The full JID. */
  readonly requester: Jid;
  readonly context: C;
  /** The language that the requester asked for. */
  readonly lang: string | undefined;
}

/** @typeParam V the values of the stages, by their names. */
export interface CommandRun<V, C> extends CommandRequester<C> {
  readonly values: V;
}

/** What a command that has completed tells. A failure has a note of type `error` (XEP-0050 §4.6). */
export interface CommandResult {
  /** One text for people, of type `info`. */
  readonly note?: string | undefined;
  readonly notes?: readonly CommandNote[] | undefined;
  /** Of type `result`. */
  readonly form?: Form | undefined;
  readonly payload?: readonly Element[] | undefined;
}

/** How a stage is shown. */
export interface StageTexts<V, C, F extends FieldDefinitions> {
  readonly title?: string | undefined;
  readonly instructions?: readonly string[] | undefined;
  /** What is filled in already. */
  values?(run: CommandRun<V, C>): Maybe<FormValues<F>>;
}

/** What a command is before its stages. */
export interface CommandTitle<C> {
  /** The identifier of the command (XEP-0050 §4.2). */
  readonly node: string;
  /** A name for people. */
  readonly name: string;
  /** Who may know of it and execute it; anyone if absent. Asked again at every stage. */
  allowed?(requester: CommandRequester<C>): Maybe<boolean>;
}

/** A stage as the sessions work with it; its types are checked where it is defined. */
export interface CommandStage<C> {
  readonly name: string;
  definition(run: CommandRun<StageValues, C>): Maybe<FormDefinition<FieldDefinitions>>;
  readonly texts: StageTexts<StageValues, C, FieldDefinitions>;
}

/** The values of the stages by their names. */
export interface StageValues {
  readonly [stage: string]: FormValues<FieldDefinitions>;
}

/** A command; {@link defineCommand} makes it. */
export interface AdHocCommand<C = void> extends CommandTitle<C> {
  readonly stages: readonly CommandStage<C>[];
  run(run: CommandRun<StageValues, C>): Maybe<CommandResult | undefined | void>;
}

/** A command of which the last word is not said. */
export interface CommandBuilder<V, C> {
  /**
   * Adds a stage: a form to fill in.
   *
   * @param name the key of its values.
   * @param form or what makes it of the values of the stages before.
   * @throws TypeError for a name that is there already.
   */
  stage<const K extends string, F extends FieldDefinitions>(
    name: K,
    form: FormDefinition<F> | ((run: CommandRun<V, C>) => Maybe<FormDefinition<F>>),
    texts?: StageTexts<V, C, F>,
  ): CommandBuilder<V & { readonly [key in K]: FormValues<F> }, C>;
  /**
   * What to do with the values of all stages. A `StanzaError` that it throws answers the request,
   * and the requester may try again with other values while the session lasts.
   */
  run(handler: (run: CommandRun<V, C>) => Maybe<CommandResult | undefined | void>): AdHocCommand<C>;
}

/**
 * Defines a command.
 *
 * @example
 * const greet: AdHocCommand = defineCommand({ node: "greet", name: "Greet somebody" })
 *   .stage("whom", defineForm({ formType: "urn:example:whom", fields: { name: { type: "text-single" } } }))
 *   .run(({ values }) => ({ note: `Hello ${values.whom.name ?? "World"}!` }));
 */
export function defineCommand<C = void>(title: CommandTitle<C>): CommandBuilder<object, C> {
  return builder<object, C>(title, []);
}

function builder<V, C>(
  title: CommandTitle<C>,
  stages: readonly CommandStage<C>[],
): CommandBuilder<V, C> {
  return {
    stage(name, form, texts = {}) {
      if (stages.some((stage) => stage.name === name)) {
        throw new TypeError(`the command "${title.node}" has two stages named "${name}"`);
      }
      // The values of a stage come from its own form, which is what the types here say.
      const stage = {
        name,
        definition: typeof form === "function" ? form : () => form,
        texts,
      } as unknown as CommandStage<C>;
      return builder(title, [...stages, stage]);
    },
    run: (handler) => ({ ...title, stages, run: handler }) as unknown as AdHocCommand<C>,
  };
}
