import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The address of a running server that `npm run dev` passes API calls on to.
const server = process.env.STANCE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig(({ mode }) => ({
  plugins: [react()],
  server: { proxy: { '/api': { target: server, changeOrigin: true } } },
  build:
    mode === 'story'
      ? { outDir: 'dist-story', rollupOptions: { input: 'story.html' } }
      : {
          // The embedded server finds out by itself what is there; the
          // placeholder must survive a build so that Go always compiles.
          outDir: 'dist',
          emptyOutDir: true,
          assetsInlineLimit: 0,
          rollupOptions: {
            output: {
              manualChunks: (id: string) => {
                if (/node_modules\/(react|react-dom|scheduler|react-router)\//.test(id)) return 'react'
                return undefined
              },
            },
          },
        },
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'] },
}))
