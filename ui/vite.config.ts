// Builds the window's files into ui/dist, from where the tray application embeds them; in the mode
// `pages` the same pages over a made-up world, for a browser. Runs the tests in a simulated document.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const PAGES = { outDir: 'dist-pages', rollupOptions: { input: 'test/pages.html' } };

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // The webviews in use are recent; nothing is lowered and nothing is polyfilled.
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, ...(mode === 'pages' ? PAGES : {}) },
  ...(mode === 'test' ? { resolve: { conditions: ['browser'] } } : {}),
  test: { environment: 'happy-dom', include: ['test/**/*.test.ts'], testTimeout: 20_000 },
}));
