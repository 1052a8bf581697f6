/// Webhooks that come in and become jobs: from anybody with the organization's token, and from providers that sign
/// what they send. Begin with `Ingestion`; a provider's rules are in its `Adapter`.
@org.jspecify.annotations.NullMarked
package dev.spooled.ingestion;
