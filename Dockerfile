# One image for the gateway and for each reference backend (`node dist/backends/main.js <service>`), and a second
# target, `execution`, that also carries the tools of the germline-small pipeline.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim AS production-dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

# The processes handle SIGTERM and reap their own children, so Node may be process 1.
FROM node:24-bookworm-slim AS runtime
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
WORKDIR /app
RUN install --directory --owner=node --group=node --mode=0750 /data
COPY --from=production-dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY deploy/docker/healthcheck.mjs ./healthcheck.mjs
USER node
VOLUME /data
STOPSIGNAL SIGTERM

# Recommended packages are left out because they bring Debian's Node 18 to stand beside the image's Node.
FROM runtime AS execution
USER root
RUN apt-get update \
  && apt-get install --yes --no-install-recommends cwltool fastp bwa samtools bcftools multiqc \
  && rm -rf /var/lib/apt/lists/*
USER node
ENV PORT=8004
EXPOSE 8004
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs", "/health"]
CMD ["node", "dist/backends/main.js", "execution"]

# The last stage is what `docker build .` makes.
FROM runtime AS gateway
ENV PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 CMD ["node", "healthcheck.mjs", "/health/live"]
CMD ["node", "dist/main.js"]
