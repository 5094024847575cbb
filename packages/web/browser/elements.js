/** What takes the place of elements of Converse.js, before it defines them. */

/**
 * The head and the foot of the page to log in: the server's own, which load nothing from elsewhere.
 * @param {string} domain
 * @param {string} files the path of our files.
 */
export function defineElements(domain, files) {
  define("converse-brand-logo", () => {
    const icon = document.createElement("img");
    icon.src = `${files}/icon.svg`;
    icon.alt = "";
    const name = document.createElement("h1");
    name.textContent = domain;
    return [icon, name];
  });
  // links to the makers of the client, who know nothing of this server
  define("converse-controlbox-navbar", () => []);
  define("converse-footer", () => {
    const link = document.createElement("a");
    link.href = "https://conversejs.org/";
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = "Converse.js";
    const foot = document.createElement("p");
    foot.append("This chat is ", link, ".");
    return [foot];
  });
}

/**
 * @param {string} name
 * @param {() => Node[]} content
 */
function define(name, content) {
  class Own extends HTMLElement {
    connectedCallback() {
      this.replaceChildren(...content());
    }
  }
  customElements.define(name, Own);
}
