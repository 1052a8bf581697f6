/// Jobs that belong together: workflows, dependencies between jobs, signals. Begin with `Workflows`.
@NullMarked
package dev.spooled.workflows;

import org.jspecify.annotations.NullMarked;
