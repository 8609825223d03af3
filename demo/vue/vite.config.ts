import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const renumerate = "http://localhost:4321";

export default defineConfig({
  plugins: [
    vue({ template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith("renumerate-") } } }),
  ],
  // Elsewhere: say where the server is with `api-url`, or forward `/v1` to it in production, too.
  server: { proxy: { "/v1": renumerate, "/demo/api": renumerate } },
});
