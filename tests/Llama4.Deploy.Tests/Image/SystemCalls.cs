using System.Text.Json;

namespace Llama4.Deploy.Tests.Image;

/// <summary>The system calls that the units of deploy/systemd allow, as a seccomp profile of a container.</summary>
internal static class SystemCalls
{
    /// <summary>What the unit names, and what systemd allows whatever it names.</summary>
    private static readonly string[] Sets = ["@system-service", "@default"];

    /// <summary>What runc itself still does behind the filter, before the program is there.</summary>
    private static readonly string[] OfRunc = ["mount", "umount2", "pivot_root", "setns", "unshare"];

    private const int NotPermitted = 1;

    /// <summary>Skips the test where systemd does not say what is in its sets.</summary>
    public static async Task<string> OfUnitsAsync()
    {
        Assert.SkipUnless(Command.IsThere("systemd-analyze"), "needs systemd-analyze (Debian: systemd)");
        foreach (var unit in Directory.GetFiles(Path.Combine(Golden.Checkout, "deploy", "systemd"), "*.service"))
            File.ReadLines(unit).Where(line => line.StartsWith("SystemCallFilter=")).ShouldBe([$"SystemCallFilter={Sets[0]}"], unit);
        var sets = Parse(await Command.OutputAsync(TimeSpan.FromMinutes(1), "systemd-analyze", "syscall-filter", "--no-pager"));
        var names = Sets.SelectMany(set => Names(set, sets)).Concat(OfRunc).Distinct().Order(StringComparer.Ordinal).ToArray();
        names.ShouldContain("futex");
        names.ShouldNotContain("reboot");
        return JsonSerializer.Serialize(new
        {
            defaultAction = "SCMP_ACT_ERRNO",
            defaultErrnoRet = NotPermitted,
            syscalls = new[] { new { names, action = "SCMP_ACT_ALLOW" } },
        });
    }

    private static IEnumerable<string> Names(string name, Dictionary<string, List<string>> sets) => name.StartsWith('@') ? sets[name].SelectMany(inner => Names(inner, sets)) : [name];

    /// <summary>A set's name, and indented below it what it holds: calls, and other sets.</summary>
    private static Dictionary<string, List<string>> Parse(string text)
    {
        var sets = new Dictionary<string, List<string>>();
        List<string>? current = null;
        foreach (var line in text.Split('\n').Where(line => line.Trim() is { Length: > 0 } said && !said.StartsWith('#')))
        {
            if (line.StartsWith('@'))
                sets[line.Trim()] = current = [];
            else if (line.StartsWith(' '))
                current?.Add(line.Trim());
            else
                current = null;
        }
        return sets;
    }
}
