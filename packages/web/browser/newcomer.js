/** Somebody who has made an account just now. */

/**
 * The name of an account that was made just now, as in `#welcome=romeo`.
 * @returns {string | undefined}
 */
export function takeNewcomer() {
  const name = new URLSearchParams(location.hash.slice(1)).get("welcome");
  if (name === null || name === "") return undefined;
  history.replaceState(null, "", location.pathname);
  return name;
}

/**
 * Fills the name in as soon as there is where to, and says that all is well.
 * @param {string} name
 * @param {string} domain
 */
export function greet(name, domain) {
  const observer = new MutationObserver(() => {
    const field = document.querySelector("#converse-login-jid");
    if (!(field instanceof HTMLInputElement) || field.form === null) return;
    observer.disconnect();
    field.value = name;
    const note = document.createElement("p");
    note.className = "rookery-welcome";
    note.role = "status";
    note.textContent = `Your account ${name}@${domain} is made. Log in with the password you chose.`;
    field.form.before(note);
    document.getElementById("converse-login-password")?.focus();
  });
  observer.observe(document.body, { childList: true, subtree: true });
}
