import { writeFileSync } from "node:fs";
import { controlTypes } from "./control-types.ts";

// Writes src/admin/control-types.ts, whose first lines describe it.
writeFileSync("src/admin/control-types.ts", controlTypes());
