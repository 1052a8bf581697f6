/// One class for each heading of the OWASP API Security Top 10 (2023); docs/security.md says what protects. What can be
/// is derived from contract/openapi.yaml (`Surface`), so that a new operation is attacked without being named here.
@NullMarked
package dev.spooled.owasp;

import org.jspecify.annotations.NullMarked;
