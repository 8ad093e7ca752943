namespace Llama4.Scheduling;

/// <summary>
/// Which rows of which sequences make the next step of a lane. Decodes first, as each is one row and somebody reads its answer; then prefill with the rows that are
/// left, of answers that are read already (submitted again, or preempted) before others. Oldest first in each.
/// <para>Each sequence may have a logit row. As many as there are free seats go to those that have more, the steps of all lanes sharing them: so no step has more logit rows than
/// <see cref="SchedulerLimits.SequencesMax"/>, and a prompt whose every row is one advances in a full house too.</para>
/// </summary>
internal sealed class StepRows(SchedulerLimits limits, KvMemory memory, Admitted admitted, PrefixSharing sharing, StepBuilder builder)
{
    /// <summary>Adds the rows to the builder and reserves their blocks.</summary>
    /// <param name="lanes">How many lanes there are.</param>
    /// <param name="step">The step's number.</param>
    /// <returns>Prompt tokens taken from the cache.</returns>
    public int Fill(int lane, int lanes, long step)
    {
        var cached = 0;
        var spareLogits = (limits.SequencesMax - admitted.Running.Count) / lanes;
        var barrier = admitted.Barrier;
        foreach (var (decodes, areRead) in (ReadOnlySpan<(bool, bool?)>)[(true, null), (false, true), (false, false)])
        {
            // Reserving may preempt sequences behind index i: the list is in order of age and only younger ones yield.
            for (var i = 0; i < admitted.Running.Count && admitted.Running[i].Order <= barrier; i++)
            {
                var sequence = admitted.Running[i];
                var budget = limits.TokensPerStepMax - builder.Rows;
                if (sequence.Lane != lane || sequence.Step is not null || sequence.Pending == 1 != decodes || sequence.IsRead != (areRead ?? sequence.IsRead) || budget == 0)
                {
                    continue;
                }

                if (!decodes)
                {
                    cached += sharing.TakeCached(sequence);
                    if (sharing.WaitsForPrefix(sequence))
                    {
                        continue;
                    }
                }

                var rows = admitted.Reserve(sequence, Wanted(sequence, budget, 1 + spareLogits));
                if (rows == 0)
                {
                    barrier = sequence.Order;
                    break;
                }

                sequence.Step = step;
                sharing.Computes(sequence, rows, step);
                builder.Add(sequence, rows);
                spareLogits -= Math.Max(0, sequence.LogitRows(rows) - 1);
            }
        }

        return cached;
    }

    private int Wanted(Sequence sequence, int budget, int logitRows)
    {
        var wanted = Math.Min(Math.Min(budget, limits.PrefillChunkMax), sequence.Pending);
        wanted = Math.Min(wanted, memory.ChunkEnd(sequence.Computed) - sequence.Computed);
        return Math.Min(wanted, sequence.RowsWith(logitRows));
    }
}
