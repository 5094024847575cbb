/** Ad-Hoc Commands, what requests and answers carry: XEP-0050 (1.3.1). */
import { type Element, el } from "@rookery/xml";
import { type Codec, codec } from "../codec.ts";
import { StanzaError, type StanzaErrorCondition } from "../errors.ts";
import { quoted, requiredAttr } from "../reading.ts";

/** The namespace, which is also the feature, and the node that has all commands as items. */
export const COMMANDS_NS = "http://jabber.org/protocol/commands";

/** What a requester wants to be done (XEP-0050 §5.1). */
export type CommandAction = "execute" | "cancel" | "prev" | "next" | "complete";
/** What has become of it (XEP-0050 §5.1). */
export type CommandStatus = "executing" | "completed" | "canceled";
/** What a stage may allow (XEP-0050 §5.2); `cancel` is always allowed (§4.4). */
export type StageAction = "prev" | "next" | "complete";

/** What may be done at a stage (XEP-0050 §5.2). */
export interface CommandActions {
  /** What `execute` means at this stage; `next` if it is not told (§4.4). */
  readonly execute?: StageAction | undefined;
  readonly allowed: readonly StageAction[];
}

/** A text for people about how it went (XEP-0050 §5.3). */
export interface CommandNote {
  readonly type: "info" | "warn" | "error";
  readonly text: string;
}

/** The `<command/>` of a request or an answer (XEP-0050 §5.1). */
export interface Command {
  readonly node: string;
  /** Absent in the request that begins a session. */
  readonly sessionId?: string | undefined;
  /** Of requests; `execute` if absent. */
  readonly action?: CommandAction | undefined;
  /** Of answers. */
  readonly status?: CommandStatus | undefined;
  readonly lang?: string | undefined;
  /** Of answers at a stage. */
  readonly actions?: CommandActions | undefined;
  readonly notes: readonly CommandNote[];
  /** Forms and the like; those that come first matter most. */
  readonly payload: readonly Element[];
}

/**
 * The `<command/>`.
 *
 * @throws StanzaError `bad-request` without a node, with `malformed-action` for an action that
 * XEP-0050 does not have, with `bad-sessionid` for an empty session id. A status or type of note that
 * it does not have is read as absent or `info`.
 */
export const command: Codec<Command> = codec<Command>({
  ns: COMMANDS_NS,
  name: "command",
  read: (element) => ({
    node: requiredAttr(element, "node"),
    sessionId: readSessionId(element.attr("sessionid")),
    action: readAction(element.attr("action")),
    status: readStatus(element.attr("status")),
    lang: element.attr("xml:lang"),
    actions: readActions(element.child(COMMANDS_NS, "actions")),
    notes: element.elements(COMMANDS_NS, "note").map(readNote),
    payload: element.elements().filter((child) => child.ns !== COMMANDS_NS),
  }),
  write: ({ node, sessionId, action, status, lang, actions, notes, payload }) =>
    el(
      COMMANDS_NS,
      "command",
      { node, sessionid: sessionId, action, status, "xml:lang": lang },
      actions && writeActions(actions),
      ...payload,
      ...notes.map(({ type, text }) => el(COMMANDS_NS, "note", { type }, text)),
    ),
});

/** The conditions of XEP-0050 §5.4. */
export type CommandErrorCondition =
  | "malformed-action"
  | "bad-action"
  | "bad-locale"
  | "bad-payload"
  | "bad-sessionid"
  | "session-expired";

/** An error with a condition of XEP-0050 §5.4 and the general one that goes with it. */
export function commandError(specific: CommandErrorCondition, text: string): StanzaError {
  const condition: StanzaErrorCondition =
    specific === "session-expired" ? "not-allowed" : "bad-request";
  return new StanzaError(condition, text, { specific: el(COMMANDS_NS, specific) });
}

/** The order in which the schema has them. */
const STAGE_ACTIONS: readonly StageAction[] = ["prev", "next", "complete"];

function readSessionId(text: string | undefined): string | undefined {
  if (text === "") throw commandError("bad-sessionid", "a sessionid is not empty");
  return text;
}

function readAction(text: string | undefined): CommandAction | undefined {
  switch (text) {
    case undefined:
    case "execute":
    case "cancel":
    case "prev":
    case "next":
    case "complete":
      return text;
    default:
      throw commandError("malformed-action", `${quoted(text)} is not an action of a command`);
  }
}

function readStatus(text: string | undefined): CommandStatus | undefined {
  return text === "executing" || text === "completed" || text === "canceled" ? text : undefined;
}

function readActions(actions: Element | undefined): CommandActions | undefined {
  if (actions === undefined) return undefined;
  const execute = STAGE_ACTIONS.find((action) => action === actions.attr("execute"));
  const allowed = STAGE_ACTIONS.filter((action) => actions.child(COMMANDS_NS, action));
  return { execute, allowed };
}

function writeActions({ execute, allowed }: CommandActions): Element {
  const children = STAGE_ACTIONS.filter((action) => allowed.includes(action));
  return el(
    COMMANDS_NS,
    "actions",
    { execute },
    ...children.map((action) => el(COMMANDS_NS, action)),
  );
}

function readNote(note: Element): CommandNote {
  const type = note.attr("type");
  return { type: type === "warn" || type === "error" ? type : "info", text: note.text };
}
