import type { VirtualHost } from "../../virtual-host.ts";
import type { C2sStream } from "../c2s.ts";
import { type StreamFeature, streamFeatures } from "../feature.ts";
import { streamManagement } from "../stream-management/index.ts";
import { legacySession, resourceBinding } from "./bind.ts";
import { rosterFeatures } from "./roster.ts";
import { sasl } from "./sasl.ts";
import { channelBindings } from "./sasl-offer.ts";
import { sasl2 } from "./sasl2.ts";
import { starttls } from "./starttls.ts";

const BUILT_IN: readonly StreamFeature[] = [
  starttls,
  channelBindings,
  sasl2,
  sasl,
  resourceBinding,
  legacySession,
  streamManagement,
  ...rosterFeatures,
];

/** The features of a client's stream, in the order they are offered. */
export function featuresOf(host: VirtualHost, stream: C2sStream): readonly StreamFeature[] {
  return [...BUILT_IN, ...host.hooks.gather(streamFeatures, stream)];
}
