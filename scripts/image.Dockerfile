# The local build image, for scripts/image: what the examples, the sample buildspecs and the tests need.
FROM debian:bookworm-slim

ARG PACKAGES
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $PACKAGES \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb

# AWS's documented commands start /usr/local/bin/dockerd.
RUN ln -s /usr/sbin/dockerd /usr/local/bin/dockerd

CMD ["bash"]
