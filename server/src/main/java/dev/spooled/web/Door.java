package dev.spooled.web;

/// What a feature offers over HTTP: it names its routes once, when the server is built.
public interface Door {
    void open(Routes routes);
}
