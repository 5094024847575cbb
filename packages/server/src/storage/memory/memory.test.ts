import { storageConformance } from "../conformance.test.ts";
import { openStorage } from "../open.ts";

storageConformance("memory", () => openStorage({ driver: "memory" }));
