/** The modules of the server, in the order they are set up. Adding a feature is adding a line here. */
import type { z } from "zod";
import type { AnyModule } from "../host.ts";
import { administrationModule } from "./administration/index.ts";
import { archiveModule } from "./archive/index.ts";
import { blockingModule } from "./blocking/index.ts";
import { carbonsModule } from "./carbons/index.ts";
import { clientStateModule } from "./client-state/index.ts";
import { commandsModule } from "./commands/index.ts";
import { devicesModule } from "./devices/index.ts";
import { directoryModule } from "./directory/index.ts";
import { discoModule } from "./disco/index.ts";
import { displayedSyncModule } from "./displayed-sync/index.ts";
import { invitationsModule } from "./invitations/index.ts";
import { lastActivityModule } from "./last-activity/index.ts";
import { offlineModule } from "./offline/index.ts";
import { offlineRetrievalModule } from "./offline-retrieval/index.ts";
import { pepModule } from "./pep/index.ts";
import { pingModule } from "./ping/index.ts";
import { privateStorageModule } from "./private-storage/index.ts";
import { pushModule } from "./push/index.ts";
import { registrationModule } from "./registration/index.ts";
import { timeModule } from "./time/index.ts";
import { uploadModule } from "./upload/index.ts";
import { vcardModule } from "./vcard/index.ts";
import { versionModule } from "./version/index.ts";

export const builtInModules: readonly AnyModule[] = [
  blockingModule,
  discoModule,
  pepModule,
  displayedSyncModule,
  pingModule,
  versionModule,
  timeModule,
  lastActivityModule,
  vcardModule,
  directoryModule,
  privateStorageModule,
  commandsModule,
  administrationModule,
  archiveModule,
  devicesModule,
  offlineModule,
  offlineRetrievalModule,
  carbonsModule,
  clientStateModule,
  pushModule,
  registrationModule,
  invitationsModule,
  uploadModule,
];

/**
 * The options of each module, for the configuration and its documentation.
 * @param more modules beside the built-in ones, as a program gives them to `createServer`.
 */
export function schemasOf(more: readonly AnyModule[] = []): ReadonlyMap<string, z.ZodType> {
  return new Map([...builtInModules, ...more].map(({ name, options }) => [name, options]));
}
