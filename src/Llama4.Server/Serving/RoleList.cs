using Llama4.Contracts;

namespace Llama4.Server.Serving;

/// <summary>Roles as they stand on the command line: any, or a list like attention,experts.</summary>
internal static class RoleList
{
    private static readonly HostRoles[] Single = [HostRoles.Engine, HostRoles.Attention, HostRoles.Experts, HostRoles.Vocabulary, HostRoles.Gateway];

    public static string Text(HostRoles roles) => roles == HostRoles.Any
        ? "any"
        : string.Join(',', Single.Where(role => roles.HasFlag(role)).Select(role => role.ToString().ToLowerInvariant()));

    /// <summary>Null where it is no such list.</summary>
    public static HostRoles? Parse(string text)
    {
        var roles = HostRoles.None;
        foreach (var word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (word == "any")
            {
                roles |= HostRoles.Any;
            }
            else if (Single.Where(role => role.ToString().Equals(word, StringComparison.OrdinalIgnoreCase)).ToArray() is [var role])
            {
                roles |= role;
            }
            else
            {
                return null;
            }
        }

        return roles;
    }
}
