using System.Globalization;
using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// Decides which host owns what: stages of consecutive attention layers, expert groups of every layer, vocabulary, engine, standbys.
/// A new plan is the fastest, by <see cref="StepModel"/>, of those with 1, 2, 3 ... stages, with experts beside attention or apart
/// from it. A plan that follows another moves only what must move.
/// </summary>
public static class PlacementPlanner
{
    /// <summary>Chains of more hosts are not tried: a step's time then is that of its hand-overs.</summary>
    private const int StagesMax = 64;

    /// <exception cref="PlacementException">It does not fit, or no host may own a part.</exception>
    /// <exception cref="ArgumentException">The request contradicts itself.</exception>
    public static PlacementPlan Plan(PlacementRequest request)
    {
        Check(request);
        HostCapacity[] hosts = [.. request.Hosts.OrderBy(host => host.Host.Name, StringComparer.Ordinal)];
        if (request.Previous is { } previous)
        {
            HostCapacity[] known = [.. hosts.Where(host => previous.Hosts.Contains(host.Host))];
            if (request.InHaste && known.Length < hosts.Length && Lacking(request, known) is null && Follow(previous, request, known) is { Overflow: 0 } hasty)
            {
                return hasty.ToPlan();
            }

            if (Follow(previous, request, hosts) is { Overflow: 0 } kept)
            {
                return kept.ToPlan();
            }

            if (request.MovesRanges)
            {
                return Plan(request with { MovesRanges = false });
            }
        }

        PlanLayout? best = null;
        var bestTime = double.PositiveInfinity;
        foreach (var layout in Candidates(request, hosts))
        {
            var time = layout.Overflow == 0 ? new StepModel(request, layout.ToPlan()).Predict(request.Work.Sequences).StepS : double.PositiveInfinity;
            // Fewer stages are simpler: more of them must be worth something.
            if (best is null || layout.Overflow < best.Overflow || (layout.Overflow == best.Overflow && time < bestTime * 0.99))
            {
                (best, bestTime) = (layout, time);
            }
        }

        if (best!.Overflow > 0 && request.Rates is not null)
        {
            return Plan(request with { Rates = null }); // ranges by rows alone can be too long for their standbys
        }

        if (best.Overflow > 0 && request.Previous is not null)
        {
            return Plan(request with { Previous = null }); // parts can be in the way where hosts have them loaded
        }

        return best.Overflow == 0 ? best.ToPlan() : throw Lacking(best);
    }

    private static PlanLayout? Follow(PlacementPlan previous, PlacementRequest request, HostCapacity[] hosts)
    {
        if (KeptLayout.From(previous, request, hosts) is not { } layout)
        {
            return null;
        }

        var owners = previous.Layers.SelectMany(layer => layer.ExpertGroups).SelectMany(group => group.Standbys.Append(group.Host)).ToHashSet();
        var others = previous.Replicas.SelectMany(replica => replica.Stages.Select(stage => stage.Host).Append(replica.Vocabulary)).ToHashSet();
        int[] may = [.. Enumerable.Range(0, hosts.Length).Where(host => hosts[host].May(HostRoles.Experts))];
        // Hosts that had attention or vocabulary alone keep it so.
        int[] used = [.. may.Where(host => owners.Contains(hosts[host].Host) || !others.Contains(hosts[host].Host))];
        int[] newcomers = [.. used.Where(host => !previous.Hosts.Contains(hosts[host].Host) && !owners.Contains(hosts[host].Host) && !layout.HasAttention(host))];
        PlaceExperts(layout, used.Length > 0 ? used : may, request.InHaste ? [] : newcomers, byRows: request.MovesRanges && !request.InHaste);
        return layout;
    }

    private static IEnumerable<PlanLayout> Candidates(PlacementRequest request, HostCapacity[] hosts)
    {
        var stagesMax = Math.Min(Math.Min(StagesMax, request.Shape.Layers.Count), hosts.Count(host => host.May(HostRoles.Attention)));
        var hasExperts = request.Shape.Layers.Any(layer => layer.Experts > 0);
        int[] may = [.. Enumerable.Range(0, hosts.Length).Where(host => hosts[host].May(HostRoles.Experts))];
        for (var stages = 1; stages <= stagesMax; stages++)
        {
            var beside = New();
            PlaceExperts(beside, may, [], byRows: true);
            yield return beside;

            var apart = New();
            int[] others = [.. may.Where(host => !apart.HasAttention(host))];
            if (hasExperts && others.Length > request.Standbys && others.Length < may.Length)
            {
                PlaceExperts(apart, others, [], byRows: true);
                yield return apart;
            }

            PlanLayout New()
            {
                var layout = new PlanLayout(request, hosts);
                StagePlanner.Place(layout, stages);
                return layout;
            }
        }
    }

    /// <summary>The experts, and then all standbys: those of experts, which must be, first. Second owners of hot experts are wishes and come last.</summary>
    private static void PlaceExperts(PlanLayout layout, int[] hosts, int[] newcomers, bool byRows)
    {
        if (layout.Request.Shape.Layers.Any(layer => layer.Experts > 0))
        {
            new ExpertPlanner(layout, hosts, newcomers, byRows).Place();
            StandbyPlanner.Place(layout, newcomers);
        }

        StageStandbyPlanner.Place(layout);
        SecondOwnerPlanner.Place(layout, hosts);
    }

    private static void Check(PlacementRequest request)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.GroupsOnOneHost, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Replicas, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Work.Sequences, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Work.Context, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegative(request.Standbys, nameof(request));
        if (request.Hosts.Count == 0 || request.Hosts.Select(host => host.Host).Distinct().Count() != request.Hosts.Count)
        {
            throw new ArgumentException($"{request.Hosts.Count} hosts were given; there must be at least one, each once.", nameof(request));
        }

        if (Lacking(request, request.Hosts) is { } lacking)
        {
            throw new PlacementException(lacking, []);
        }
    }

    /// <summary>The role that too few of these hosts have; null where each has enough.</summary>
    private static string? Lacking(PlacementRequest request, IReadOnlyCollection<HostCapacity> among)
    {
        var experts = request.Shape.Layers.Any(layer => layer.Experts > 0);
        foreach (var role in (HostRoles[])[HostRoles.Engine, HostRoles.Attention, HostRoles.Vocabulary, .. experts ? [HostRoles.Experts] : (HostRoles[])[]])
        {
            var hosts = among.Count(host => host.May(role));
            var needed = role == HostRoles.Experts && !request.InHaste ? 1 + request.Standbys : 1;
            if (hosts < needed)
            {
                var why = needed > 1 ? $" ({request.Standbys} standbys of each expert group need as many more hosts)" : "";
                return $"{hosts} hosts may have the role {role.ToString().ToLowerInvariant()}, at least {needed} must{why}";
            }
        }

        return null;
    }

    private static PlacementException Lacking(PlanLayout layout)
    {
        MissingBytes[] missing = [.. Enumerable.Range(0, layout.Hosts.Length).Where(host => layout.Room(host) < 0)
            .OrderBy(layout.Room).Select(host => new MissingBytes(layout.Hosts[host].Host, -layout.Room(host)))];
        var named = string.Join(", ", missing.Take(4).Select(host => string.Create(CultureInfo.InvariantCulture, $"{host.Host} lacks {host.Bytes:N0} bytes")));
        var more = missing.Length > 4 ? $" and {missing.Length - 4} more hosts" : "";
        return new PlacementException(string.Create(
            CultureInfo.InvariantCulture,
            $"it does not fit: {named}{more}; {layout.Overflow:N0} are missing in all, where all hosts have {layout.Hosts.Sum(host => host.Bytes):N0}"), missing);
    }
}
