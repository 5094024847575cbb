import {
  defineForm,
  type FormDefinition,
  type FormField,
  SEARCH_NS,
  type SearchFields,
  type SearchItem,
  searchAnswer,
} from "@rookery/protocol";
import type { Element } from "@rookery/xml";
import type { Page } from "./paging.ts";

/** The fields of a search (XEP-0055 §8.2). */
export interface SearchFormFields {
  readonly [name: string]: { readonly type: "text-single"; readonly label: string };
}

const fields: SearchFormFields = {
  first: { type: "text-single", label: "Given Name" },
  last: { type: "text-single", label: "Family Name" },
  nick: { type: "text-single", label: "Nickname" },
  email: { type: "text-single", label: "Email Address" },
};

export const searchForm: FormDefinition<SearchFormFields> = defineForm({
  formType: SEARCH_NS,
  fields,
});

/** What can be searched for, for clients that know forms and for those that do not (§2.1, §3). */
export function offer(instructions: string): Element {
  return searchAnswer.write({
    instructions,
    fields: { first: "", last: "", nick: "", email: "" },
    form: searchForm.form({}, { title: "User Directory", instructions: [instructions] }),
    items: [],
  });
}

/** What was found (§2.1), with the page only for those who asked for one. */
export function plainAnswer({ items, page }: Page<SearchItem>, paged: boolean): Element {
  return searchAnswer.write({ fields: {}, items, page: paged ? page : undefined });
}

/** The same as a form (§3). */
export function formAnswer({ items, page }: Page<SearchItem>, paged: boolean): Element {
  const columns = Object.entries(fields).map(([name, field]) => column(name, field));
  return searchAnswer.write({
    fields: {},
    items: [],
    page: paged ? page : undefined,
    form: {
      type: "result",
      fields: [{ var: "FORM_TYPE", type: "hidden", values: [SEARCH_NS] }],
      reported: [{ var: "jid", type: "jid-single", label: "Jabber ID", values: [] }, ...columns],
      items: items.map(row),
    },
  });
}

function column(name: string, { type, label }: SearchFormFields[string]): FormField {
  return { var: name, type, label, values: [] };
}

function row({ jid, fields: found }: SearchItem): FormField[] {
  const cells = Object.keys(fields).map((name): FormField => {
    const value = found[name as keyof SearchFields];
    return { var: name, values: value === undefined ? [] : [value] };
  });
  return [{ var: "jid", values: [jid.toString()] }, ...cells];
}
