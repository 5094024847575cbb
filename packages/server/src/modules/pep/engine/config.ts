/** The configuration of a node: XEP-0060 (1.30.0) §8.2, §16.4.4, as a form and as values. */
import {
  defineForm,
  type FieldDefinition,
  type Form,
  type FormField,
  formTypeOf,
  pubsubError,
  quoted,
  StanzaError,
} from "@rookery/protocol";

const NODE_CONFIG = "http://jabber.org/protocol/pubsub#node_config";
const PUBLISH_OPTIONS = "http://jabber.org/protocol/pubsub#publish-options";
const META_DATA = "http://jabber.org/protocol/pubsub#meta-data";

/** Who may subscribe and retrieve (XEP-0060 §4.5); `authorize` is not offered. */
export type AccessModel = "open" | "presence" | "roster" | "whitelist";
export type SendLast = "never" | "on_sub" | "on_sub_and_presence";

/** How a node behaves. */
export interface NodeConfig {
  readonly title: string;
  readonly description: string;
  /** What its payloads are, usually their namespace. */
  readonly type: string;
  readonly accessModel: AccessModel;
  /** For the access model `roster`. */
  readonly rosterGroups: readonly string[];
  readonly persistItems: boolean;
  /** `max`: as many as the service allows. */
  readonly maxItems: number | "max";
  /** Seconds after which an item is gone; `max`: never. */
  readonly itemExpire: number | "max";
  readonly sendLast: SendLast;
  readonly deliverPayloads: boolean;
  readonly notifyConfig: boolean;
  readonly notifyDelete: boolean;
  readonly notifyRetract: boolean;
  readonly notificationType: "headline" | "normal";
  /** `publisher`: items tell who published them. */
  readonly itemReply: "owner" | "publisher" | "none";
}

/** Some of a configuration. */
export type ConfigChange = { readonly [K in keyof NodeConfig]?: NodeConfig[K] };

/** What a service allows in the configuration of its nodes. */
export interface ConfigBounds {
  /** The items of a node; 0 for no bound. */
  readonly maxItems: number;
}

const choice = (label: string, ...values: readonly string[]): FieldDefinition => ({
  type: "list-single",
  label,
  options: values.map((value) => ({ value })),
});
const flag = (label: string): FieldDefinition => ({ type: "boolean", label });
const text = (label: string): FieldDefinition => ({ type: "text-single", label, maxLength: 1024 });
const countOrMax = (label: string): FieldDefinition => ({
  type: "text-single",
  label,
  pattern: /max|\d{1,10}/,
});

/** The name of each field in forms, and what it takes. */
const FIELDS: { readonly [K in keyof NodeConfig]: readonly [string, FieldDefinition] } = {
  title: ["pubsub#title", text("A name for the node")],
  description: ["pubsub#description", text("A description of the node")],
  type: ["pubsub#type", text("What the payloads are, by their namespace")],
  accessModel: [
    "pubsub#access_model",
    choice("Who may subscribe and retrieve items", "open", "presence", "roster", "whitelist"),
  ],
  rosterGroups: [
    "pubsub#roster_groups_allowed",
    { type: "list-multi", label: "Roster groups that may, for the model roster", open: true },
  ],
  persistItems: ["pubsub#persist_items", flag("Keep items")],
  maxItems: ["pubsub#max_items", countOrMax("How many items are kept, or max")],
  itemExpire: ["pubsub#item_expire", countOrMax("Seconds that an item is kept, or max")],
  sendLast: [
    "pubsub#send_last_published_item",
    choice("When the last item is sent", "never", "on_sub", "on_sub_and_presence"),
  ],
  deliverPayloads: ["pubsub#deliver_payloads", flag("Notifications have the payload")],
  notifyConfig: ["pubsub#notify_config", flag("Notify when the configuration changes")],
  notifyDelete: ["pubsub#notify_delete", flag("Notify when the node is deleted")],
  notifyRetract: ["pubsub#notify_retract", flag("Notify when items are removed")],
  notificationType: [
    "pubsub#notification_type",
    choice("The type of notifications", "headline", "normal"),
  ],
  itemReply: [
    "pubsub#itemreply",
    choice("Whom replies are for; publisher: items tell it", "owner", "publisher", "none"),
  ],
};

const KEYS: readonly (keyof NodeConfig)[] = Object.keys(FIELDS).filter(
  (key) => key in FIELDS,
) as (keyof NodeConfig)[];
const KEY_OF: ReadonlyMap<string, keyof NodeConfig> = new Map(KEYS.map((k) => [FIELDS[k][0], k]));
/** Fields with the one value that is supported: submitted so, they change nothing. */
const FIXED: ReadonlyMap<string, readonly string[]> = new Map([
  ["pubsub#node_type", ["leaf"]],
  ["pubsub#publish_model", ["publishers"]],
  ["pubsub#subscribe", ["1", "true"]],
  ["pubsub#purge_offline", ["0", "false"]],
  ["pubsub#deliver_notifications", ["1", "true"]],
]);

const definition: ReturnType<typeof defineForm> = defineForm({
  formType: NODE_CONFIG,
  fields: Object.fromEntries(Object.values(FIELDS)),
});

/** The form to configure a node, with what it is now (§8.2.2), or with defaults (§8.3). */
export function configForm(config: NodeConfig): Form {
  return definition.form(valuesOf(config));
}

/** What is told of a node (§5.4), as the result of service discovery. */
export function metaDataForm(config: NodeConfig): Form {
  const { fields } = definition.result(valuesOf(config));
  return { type: "result", fields: [typeField(META_DATA), ...fields.slice(1)] };
}

/** The whole configuration as it is notified (§8.2.5.3). */
export function configResult(config: NodeConfig): Form {
  return definition.result(valuesOf(config));
}

/**
 * Reads a submitted configuration; what it does not name is left as it is (XEP-0004 §3.5).
 * @throws StanzaError `not-acceptable` for a value that is not supported.
 */
export function readConfig(form: Form, bounds: ConfigBounds): ConfigChange {
  for (const { var: name = "", values } of form.fields) checkFixed(name, values);
  return changeOf(withoutUnsupported(form), bounds);
}

/**
 * Reads publish-options (§7.1.5), where every field is a condition.
 * @throws StanzaError `conflict` with `precondition-not-met` for one that is not known.
 */
export function readPublishOptions(form: Form, bounds: ConfigBounds): ConfigChange {
  if (form.type !== "submit" || formTypeOf(form) !== PUBLISH_OPTIONS) {
    throw new StanzaError(
      "bad-request",
      `publish-options are a form to submit with FORM_TYPE ${quoted(PUBLISH_OPTIONS)}`,
    );
  }
  const fields = form.fields.filter(({ var: name }) => name !== "FORM_TYPE");
  for (const { var: name = "", values } of fields) {
    const fixed = FIXED.get(name);
    if (KEY_OF.has(name) || (fixed && values[0] !== undefined && fixed.includes(values[0])))
      continue;
    const what = `${quoted(name)} is ${quoted(values[0] ?? "")}`;
    throw pubsubError("precondition-not-met", `no node here fulfils that ${what}`);
  }
  return changeOf({ type: "submit", fields: [typeField(NODE_CONFIG), ...fields] }, bounds);
}

/** The first condition that a node does not fulfil, as text; undefined if it fulfils all. */
export function unmetCondition(config: NodeConfig, conditions: ConfigChange): string | undefined {
  for (const key of KEYS) {
    const wanted = conditions[key];
    if (wanted === undefined || same(config[key], wanted)) continue;
    return `"${FIELDS[key][0]}" is ${quoted(String(config[key]))}, not ${quoted(String(wanted))}`;
  }
  return undefined;
}

/** True if both are the same in all. */
export function sameConfig(a: NodeConfig, b: NodeConfig): boolean {
  return unmetCondition(a, b) === undefined;
}

function same(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((one) => b.includes(one));
}

function checkFixed(name: string, values: readonly string[]): void {
  const supported = FIXED.get(name);
  const [value] = values;
  if (supported === undefined || value === undefined || supported.includes(value)) return;
  throw new StanzaError(
    "not-acceptable",
    `"${name}" can only be ${quoted(supported[0] ?? "")} here, not ${quoted(value)}`,
  );
}

/** An access model that there is not has an error of its own (§8.1.2). */
function withoutUnsupported(form: Form): Form {
  const model = form.fields.find(({ var: name }) => name === FIELDS.accessModel[0])?.values[0];
  if (model === "authorize") {
    throw pubsubError(
      "unsupported-access-model",
      'the access model "authorize" is not offered: use whitelist, and make members of whom you allow',
    );
  }
  return form;
}

function changeOf(form: Form, bounds: ConfigBounds): ConfigChange {
  const change: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(definition.read(withoutUnsupported(form)))) {
    const key = KEY_OF.get(name);
    if (key === undefined || value === undefined) continue;
    change[key] = key === "maxItems" || key === "itemExpire" ? countOf(String(value)) : value;
  }
  checkMaxItems(change["maxItems"], bounds);
  return change;
}

/** Empty and 0 mean no bound of the node's own. */
function countOf(value: string): number | "max" {
  return value === "max" || Number(value) === 0 ? "max" : Number(value);
}

function checkMaxItems(value: unknown, { maxItems }: ConfigBounds): void {
  if (typeof value !== "number" || maxItems === 0 || value <= maxItems) return;
  throw new StanzaError(
    "not-acceptable",
    `a node holds at most ${maxItems} items, not ${value}; "max" asks for as many as there may be`,
  );
}

function valuesOf(config: NodeConfig): { readonly [name: string]: never } {
  const values = KEYS.map((key) => {
    const value = config[key];
    return [FIELDS[key][0], typeof value === "number" ? String(value) : value] as const;
  });
  return Object.fromEntries(values) as { readonly [name: string]: never };
}

function typeField(formType: string): FormField {
  return { var: "FORM_TYPE", type: "hidden", values: [formType] };
}
