import type { ContactAddresses } from "@rookery/protocol";
import { z } from "zod";

export interface DiscoOptions {
  /** The name of the server for people. */
  readonly name: string;
  readonly contact: ContactAddresses;
}

const uri = z
  .string()
  .regex(/^[a-z][a-z0-9+.-]*:./i, "write a URI such as mailto:admin@example.org");

const addresses = (
  doc: string,
): z.ZodType<readonly string[] | undefined, readonly string[] | undefined> =>
  z.array(uri).readonly().optional().describe(doc);

const contact: z.ZodType<ContactAddresses, ContactAddresses> = z.strictObject({
  abuse: addresses("Whom to tell of abuse."),
  admin: addresses("The administrators."),
  feedback: addresses("For feedback."),
  sales: addresses("For sales."),
  security: addresses("Whom to tell of security problems."),
  status: addresses("Where the state of the service is told."),
  support: addresses("For support."),
});

export const options: z.ZodType<DiscoOptions> = z.strictObject({
  name: z.string().default("Rookery").describe("The name of the server for people."),
  contact: contact
    .prefault({})
    .describe("Where the people behind the server are reached, as URIs (XEP-0157)."),
});
