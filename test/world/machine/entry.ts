export { restoreCommand } from "../../../src/daemon/lifecycle/restore-command.ts";
export { serve } from "../../../src/daemon/lifecycle/serve.ts";
