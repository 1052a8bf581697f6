package dev.spooled.workflows;

import dev.spooled.jobs.Job;
import java.util.List;

/// A job as a step of its workflow. `dependsOn` are keys of steps, or ids of jobs outside of the workflow.
record WorkflowJob(String key, Job job, List<String> dependsOn, boolean waitsForSignal) {}
