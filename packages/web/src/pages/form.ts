import { quoted } from "@rookery/protocol";
import { HttpError, type HttpRequest } from "@rookery/server";

/** Who may send a form: our own pages, under the name they were asked by or the configured one. */
export interface FormRules {
  /** The address of the web for clients elsewhere, if there is one. */
  readonly webUrl: string | undefined;
  readonly maxBytes: number;
}

/**
 * Reads a form that one of our pages has sent (HTML §4.10.21.7, `application/x-www-form-urlencoded`).
 * The first field of a name counts.
 *
 * @throws HttpError 403 for a request that came in the clear or from a page of others, 415 for what is
 * no such form, and as `request.body` does.
 */
export async function readForm(
  request: HttpRequest,
  rules: FormRules,
): Promise<ReadonlyMap<string, string>> {
  if (!request.secure) {
    throw new HttpError(403, "passwords are not taken in the clear; open this page with https");
  }
  if (!isOwnOrigin(request, rules.webUrl)) {
    throw new HttpError(403, "this form was sent by a page elsewhere; open it here and try again");
  }
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(type)) {
    throw new HttpError(415, `${quoted(type)} is not what a form of this page sends`);
  }
  const body = await request.body(rules.maxBytes);
  const fields = new URLSearchParams(new TextDecoder().decode(body));
  return new Map([...fields].toReversed());
}

/**
 * Browsers tell the origin of every form (Fetch §3.1). Who tells none is no page: there is nobody whom
 * it could be misused against, as no cookie and no login counts here.
 */
function isOwnOrigin({ headers, url }: HttpRequest, webUrl: string | undefined): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin } = headers;
  if (origin === undefined) return true;
  if (webUrl !== undefined && origin === new URL(webUrl).origin) return true;
  return URL.parse(origin)?.host === url.host;
}
