export { befriend, type Cast, conversation, Person, type Scene } from "./conversation.ts";
export { difference } from "./match.ts";
export { describe, type Received, stanzaXml, TestClient } from "./test-client.ts";
export { PASSWORD, TestServer, type TestServerOptions, TLS } from "./test-server.ts";
export { VirtualClock } from "./virtual-clock.ts";
