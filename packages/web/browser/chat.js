/** Starts Converse.js for the server that this page comes from. */
import { defineElements } from "./elements.js";
import { greet, takeNewcomer } from "./newcomer.js";

const { domain = "", files = "", hosts = "", registration = "" } = document.documentElement.dataset;
/** What an uploaded file may be shown from without asking; all else is a link. */
const ownHosts = hosts.split(" ");
/** So long a proxy may take to say that it knows no WebSocket, in milliseconds. */
const PROBE_MS = 5000;

const socketUrl = new URL("/xmpp-websocket", location.href);
socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";

leaveForRegistration();
addEventListener("hashchange", leaveForRegistration);
document.addEventListener("click", followToRegistration, { capture: true });
const newcomer = takeNewcomer();
if (newcomer !== undefined) greet(newcomer, domain);
defineElements(domain, files);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  setTimeout(repaintIcons),
);

const hasWebSocket = await opens(socketUrl);
/** @type {any} */
const { converse } = window;
converse.initialize({
  // where to connect; Converse.js goes to the other way of the two when one fails later
  ...(hasWebSocket && { websocket_url: socketUrl.href }),
  bosh_service_url: new URL("/http-bind", location.href).href,
  discover_connection_methods: false,
  authentication: "login",
  locked_domain: domain,
  // nothing from elsewhere
  assets_path: files,
  sounds_path: `${files}/sounds/`,
  notification_icon: `${files}/icon.svg`,
  use_system_emojis: true,
  emoji_image_path: "",
  allowed_image_domains: ownHosts,
  allowed_audio_domains: ownHosts,
  allowed_video_domains: ownHosts,
  embed_3rd_party_media_players: false,
  fetch_url_headers: false,
  xmpp_providers_url: "",
  autocomplete_providers_url: "",
  providers_link: "",
  muc_search_service: "",
  // how it looks
  view_mode: "fullscreen",
  theme: "classic",
  dark_theme: "dracula",
  show_client_info: false,
  // the page of the server makes accounts
  allow_registration: registration !== "",
  registration_domain: domain,
  loglevel: "warn",
});

/**
 * Tells whether XMPP over WebSocket (RFC 7395) gets through to the server.
 * @param {URL} url
 * @returns {Promise<boolean>}
 */
function opens(url) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, "xmpp");
    const timer = setTimeout(() => done(false), PROBE_MS);
    /** @param {boolean} answer */
    const done = (answer) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    socket.addEventListener("open", () => done(true));
    socket.addEventListener("error", () => done(false));
  });
}

/** Icons take their colour from the theme when they are drawn, and would keep it with another. */
function repaintIcons() {
  for (const icon of document.querySelectorAll("converse-icon")) {
    /** @type {any} */ (icon).requestUpdate?.();
  }
}

/** Converse.js would ask for the account itself. */
function leaveForRegistration() {
  if (location.hash === "#converse/register" && registration !== "") {
    location.replace(registration);
  }
}

/** @param {Event} event */
function followToRegistration(event) {
  const { target } = event;
  if (registration === "" || !(target instanceof Element)) return;
  if (target.closest(".register-account") === null) return;
  event.preventDefault();
  event.stopPropagation();
  location.assign(registration);
}
