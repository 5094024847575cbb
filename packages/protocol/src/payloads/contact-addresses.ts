/** Contact Addresses for XMPP Services: XEP-0157 (1.1.1). */

import { defineForm } from "../form-definition.ts";
import type { Form } from "../forms.ts";

/** Where a server's people are reached: URIs such as `mailto:`, `xmpp:` or `https:` by matter. */
export interface ContactAddresses {
  readonly abuse?: readonly string[] | undefined;
  readonly admin?: readonly string[] | undefined;
  readonly feedback?: readonly string[] | undefined;
  readonly sales?: readonly string[] | undefined;
  readonly security?: readonly string[] | undefined;
  readonly status?: readonly string[] | undefined;
  readonly support?: readonly string[] | undefined;
}

/** The form that a server's disco#info has. */
export function contactForm(addresses: ContactAddresses): Form {
  const values: Record<string, readonly string[]> = {};
  for (const matter of MATTERS) {
    const uris = addresses[matter];
    if (uris !== undefined && uris.length > 0) values[`${matter}-addresses`] = uris;
  }
  return serverInfo.result(values);
}

/** Reads such a form. @throws StanzaError if it is another one, or has values that are no URIs. */
export function readContactForm(form: Form): ContactAddresses {
  const values = serverInfo.read(form);
  const addresses: Record<string, readonly string[]> = {};
  for (const matter of MATTERS) {
    const uris = values[`${matter}-addresses`];
    if (uris !== undefined) addresses[matter] = uris;
  }
  return addresses;
}

const MATTERS = ["abuse", "admin", "feedback", "sales", "security", "status", "support"] as const;

const ADDRESSES = { type: "list-multi", datatype: "xs:anyURI" } as const;

const serverInfo = defineForm({
  formType: "http://jabber.org/network/serverinfo",
  fields: {
    "abuse-addresses": ADDRESSES,
    "admin-addresses": ADDRESSES,
    "feedback-addresses": ADDRESSES,
    "sales-addresses": ADDRESSES,
    "security-addresses": ADDRESSES,
    "status-addresses": ADDRESSES,
    "support-addresses": ADDRESSES,
  },
});
