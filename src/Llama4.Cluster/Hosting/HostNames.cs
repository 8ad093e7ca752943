using System.Security.Cryptography;
using Llama4.Contracts;

namespace Llama4.Cluster.Hosting;

/// <summary>Names of hosts: unique for each start of a process, so that nothing of an earlier one is taken for its own.</summary>
internal static class HostNames
{
    private const string Letters = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>Five letters: among a thousand starts of one name two are alike in one of 70 clusters, and then the second is refused by the first's line in the membership.</summary>
    private const int LettersAdded = 5;

    /// <param name="name">Null for the machine's.</param>
    public static HostId New(string? name)
    {
        var stem = new string([.. (name ?? Environment.MachineName).Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_')]);
        return new HostId($"{(stem.Length > 0 ? stem : "host")}-{RandomNumberGenerator.GetString(Letters, LettersAdded)}");
    }
}
