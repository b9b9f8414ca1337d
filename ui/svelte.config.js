// Read by svelte-check and the editor; the build takes its settings from vite.config.ts.
export default { compilerOptions: { runes: true } };
