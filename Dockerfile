# The bot with its production dependencies, as an ordinary user, with one volume:
#   docker build -t matrix-mover .
#   docker run -d --name matrix-mover -v matrix-mover:/data matrix-mover
# The volume holds bot.config.yaml. With the default paths, the secrets and the data are next to it.

FROM node:24-slim AS dependencies
WORKDIR /app
# The lock file names the packages under src/overrides, so they are copied first.
COPY package.json package-lock.json .npmrc ./
COPY src/overrides ./src/overrides
RUN npm ci --omit=dev

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json bot.config.example.yaml LICENSE ./
COPY src ./src
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
# With `http` in the configuration the check asks the bot. Without it a running process counts as healthy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "src/operations/health-probe.ts", "/data/bot.config.yaml"]
# Operators can do nothing about these warnings. DEP0060 is about code in matrix-bot-sdk. The experimental one is about
# the type stripping of Node for a worker thread (thread-source.ts).
ENTRYPOINT ["node", "--disable-warning=DEP0060", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=4", "src/main.ts"]
CMD ["--config", "/data/bot.config.yaml"]
