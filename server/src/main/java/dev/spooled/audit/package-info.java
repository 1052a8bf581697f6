/// The audit log: `AuditLog` is told by what stands before the doors, `AuditHttp` shows an organization its own
/// entries.
@NullMarked
package dev.spooled.audit;

import org.jspecify.annotations.NullMarked;
