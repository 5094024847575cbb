import { type Markup, markup } from "./markup.ts";

/** A client to recommend: free software, looked after, good at invitations. */
interface Client {
  readonly name: string;
  readonly url: string;
}

const CLIENTS: readonly { readonly system: string; readonly clients: readonly Client[] }[] = [
  {
    system: "Android",
    clients: [
      { name: "Conversations", url: "https://conversations.im/" },
      { name: "Cheogram", url: "https://cheogram.com/" },
    ],
  },
  {
    system: "iPhone and iPad",
    clients: [
      { name: "Monal", url: "https://monal-im.org/" },
      { name: "Siskin", url: "https://siskin.im/" },
    ],
  },
  {
    system: "Windows",
    clients: [{ name: "Gajim", url: "https://gajim.org/" }],
  },
  {
    system: "macOS",
    clients: [
      { name: "Monal", url: "https://monal-im.org/" },
      { name: "Beagle", url: "https://beagle.im/" },
    ],
  },
  {
    system: "Linux",
    clients: [
      { name: "Gajim", url: "https://gajim.org/" },
      { name: "Dino", url: "https://dino.im/" },
    ],
  },
];

/**
 * Which clients there are, those for the visitor's system first (XEP-0401 §3.2).
 * @param agent the header `User-Agent`.
 */
export function clientList(agent: string | undefined): Markup {
  const own = systemOf(agent ?? "");
  const ordered = CLIENTS.toSorted((a, b) => Number(b.system === own) - Number(a.system === own));
  const items = ordered.map(
    ({ system, clients }) => markup`<li>${system}: ${clients.map(linked)}</li>`,
  );
  return markup`<ul>${items}</ul>`;
}

function linked({ name, url }: Client, i: number): Markup {
  return markup`${i > 0 && ", "}<a href="${url}" rel="noreferrer">${name}</a>`;
}

function systemOf(agent: string): string | undefined {
  return SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
}

/** In this order: browsers of phones name the system of desktops, too. */
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iPhone and iPad"],
  [/Windows/, "Windows"],
  [/Macintosh/, "macOS"],
  [/Linux|BSD/, "Linux"],
];
