/**
 * Localparts that only administrators may make accounts of: whoever had one could pass for someone
 * who speaks for the domain (RFC 2142, and what people try).
 */
export const RESERVED_NAMES: readonly string[] = [
  "abuse",
  "admin",
  "administrator",
  "hostmaster",
  "info",
  "mailer-daemon",
  "noc",
  "noreply",
  "no-reply",
  "nobody",
  "operator",
  "postmaster",
  "root",
  "security",
  "server",
  "service",
  "support",
  "sysadmin",
  "system",
  "webmaster",
  "xmpp",
];
