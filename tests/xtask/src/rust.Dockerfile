# The stand-in for Docker Hub's `rust` image: the context holds the host's toolchain.
FROM debian:bookworm-slim
RUN echo 'Acquire::Retries "9";' > /etc/apt/apt.conf.d/retries \
 && apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev ca-certificates \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY rust /usr/local/rust
ENV PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    CARGO_HOME=/usr/local/cargo
