/**
 * Service Administration: XEP-0133 (1.3.1), for the administrators of the server.
 *
 * Of its use cases: add user (§4.1), delete user (§4.2), disable user
 * (§4.3), re-enable user (§4.4), end user session (§4.5), change user
 * password (§4.7), number of registered users (§4.13) and of online users (§4.15), list of online
 * users (§4.20), announcement to online users (§4.23).
 */
import { defineModule, type Module, type NoOptions } from "../../host.ts";
import { addCommand, commands } from "../commands/contract.ts";
import { addUser } from "./add-user.ts";
import { announce } from "./announce.ts";
import { changeUserPassword } from "./change-user-password.ts";
import { deleteUser } from "./delete-user.ts";
import { disableUser, reenableUser } from "./disable-user.ts";
import { endUserSession } from "./end-user-session.ts";
import { onlineUsersList } from "./online-users-list.ts";
import { onlineUsersNumber, registeredUsersNumber } from "./user-numbers.ts";

export const administrationModule: Module<NoOptions, void> = defineModule({
  name: "administration",
  implements: [{ xep: 133, version: "1.3.1", status: "partial" }],
  requires: [commands],

  setup(host) {
    for (const command of [
      addUser(host),
      deleteUser(host),
      disableUser(host),
      reenableUser(host),
      changeUserPassword(host),
      endUserSession(host),
      registeredUsersNumber(host),
      onlineUsersNumber(host),
      onlineUsersList(host),
      announce(host),
    ]) {
      addCommand(host, "host", command);
    }
  },
});
