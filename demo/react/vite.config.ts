import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const renumerate = "http://localhost:4321";

export default defineConfig({
  plugins: [react()],
  // Elsewhere: say where the server is with `api-url`, or forward `/v1` to it in production, too.
  server: { proxy: { "/v1": renumerate, "/demo/api": renumerate } },
});
