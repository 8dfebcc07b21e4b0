import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` beside a gateway: the API is reached as if this server were it.
const gateway = "http://127.0.0.1:7480";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // Data URLs in style sheets would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // Few files: what others wrote, what our pages share, and one for each page.
        codeSplitting: {
          groups: [
            { name: "vendor", test: /node_modules/, priority: 2 },
            { name: "shared", test: /web\/src\/(ui|api|layout)\//, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: gateway, changeOrigin: true } } },
});
