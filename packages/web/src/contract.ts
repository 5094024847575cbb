/** How the chat and the pages find each other, each of which may be left out. */
import type { Jid } from "@rookery/protocol";
import { type Collect, collect } from "@rookery/server";

/** Asks for the path that opens the chat, ready for an account to log in. */
export const chatPath: Collect<Jid | undefined, string> = collect("web-chat-path");

/** Asks for the path of the page where anyone can make an account; nobody answers where nobody can. */
export const registrationPath: Collect<undefined, string> = collect("web-registration-path");
