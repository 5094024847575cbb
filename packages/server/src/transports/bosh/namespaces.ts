/** The `<body/>` wrapper (XEP-0124 §6). */
export const HTTPBIND = "http://jabber.org/protocol/httpbind";

/** What XMPP adds to it (XEP-0206). */
export const XBOSH = "urn:xmpp:xbosh";
