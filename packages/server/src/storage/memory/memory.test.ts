import { storageConformance } from "../conformance.ts";
import { openStorage } from "../open.ts";

storageConformance("memory", () => openStorage({ driver: "memory" }));
