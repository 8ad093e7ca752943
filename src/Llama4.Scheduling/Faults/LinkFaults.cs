using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// Links between two hosts that their leader both hears, but that do not hear each other: which of the two is to do without work until the link may be
/// whole again. It reads no clock.
/// </summary>
public sealed class LinkFaults
{
    /// <summary>A host is left out for so long, and for twice as long each time that its links are still broken when it comes back.</summary>
    public static readonly TimeSpan HoldLeast = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan HoldMost = TimeSpan.FromMinutes(5);

    /// <summary>Complaints come with every answer to the leader; one that was not repeated is over.</summary>
    public static readonly TimeSpan Valid = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<HostId, (HostId[] Unheard, TimeSpan At)> _complaints = [];
    private readonly Dictionary<HostId, (TimeSpan Until, TimeSpan Hold)> _held = [];

    /// <summary>What a host says at this time of others that leave its calls without an answer; replaces what it said before.</summary>
    public void Complain(HostId from, HostId[] unheard, TimeSpan now)
    {
        if (unheard.Length > 0)
        {
            _complaints[from] = (unheard, now);
        }
        else
        {
            _complaints.Remove(from);
        }
    }

    /// <summary>Forgets hosts that are gone.</summary>
    public void Keep(IReadOnlyCollection<HostId> members)
    {
        foreach (var gone in _complaints.Keys.Concat(_held.Keys).Where(host => !members.Contains(host)).ToList())
        {
            _complaints.Remove(gone);
            _held.Remove(gone);
        }
    }

    /// <summary>Hosts to be left out now.</summary>
    public IEnumerable<HostId> Held(TimeSpan now) => _held.Where(host => now < host.Value.Until).Select(host => host.Key);

    /// <summary>
    /// Chooses at most one more host to leave out: of those with a broken link the one with most of them, then the one that costs least.
    /// </summary>
    /// <param name="isHeard">By the leader, and so worth asking; nothing is said of others.</param>
    /// <param name="cost">Of leaving a host out; null where the others cannot do without it.</param>
    /// <returns>The host with one that it does not hear or that does not hear it, and for how long it is left out; null for none.</returns>
    public (HostId Host, HostId Other, TimeSpan Hold)? Look(TimeSpan now, Func<HostId, bool> isHeard, Func<HostId, int?> cost)
    {
        var held = Held(now).ToHashSet();
        var links = _complaints.Where(complaint => now - complaint.Value.At <= Valid)
            .SelectMany(complaint => complaint.Value.Unheard.Select(unheard => (From: complaint.Key, To: unheard)))
            .Where(link => isHeard(link.From) && isHeard(link.To) && !held.Contains(link.From) && !held.Contains(link.To))
            .ToArray();
        var chosen = links.SelectMany(link => (HostId[])[link.From, link.To]).Distinct()
            .Select(host => (Host: host, Cost: cost(host), Links: links.Count(link => link.From == host || link.To == host)))
            .Where(one => one.Cost is not null)
            .OrderByDescending(one => one.Links).ThenBy(one => one.Cost).ThenBy(one => one.Host.Name, StringComparer.Ordinal)
            .Select(one => (HostId?)one.Host).FirstOrDefault();
        if (chosen is not { } victim)
        {
            return null;
        }

        // Who was left out a short while ago has not had a whole link since.
        var wasHeld = _held.TryGetValue(victim, out var before) && now - before.Until < 2 * before.Hold;
        var hold = wasHeld ? TimeSpan.FromTicks(Math.Min(HoldMost.Ticks, 2 * before.Hold.Ticks)) : HoldLeast;
        _held[victim] = (now + hold, hold);
        var (from, to) = links.First(link => link.From == victim || link.To == victim);
        return (victim, from == victim ? to : from, hold);
    }
}
