/**
 * What browsers see of a server: the chat and the pages on which people make accounts. They are
 * modules, which a program gives to `createServer`:
 *
 * @example
 * const server = await createServer(config, { modules: webModules });
 */
import type { AnyModule } from "@rookery/server";
import { chatModule } from "./chat/index.ts";
import { invitationPageModule } from "./invitation-page/index.ts";
import { registrationPageModule } from "./registration-page/index.ts";

export const webModules: readonly AnyModule[] = [
  chatModule,
  invitationPageModule,
  registrationPageModule,
];
