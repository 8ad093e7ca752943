using System.Globalization;
using System.Net;
using Llama4.Contracts;
using StackExchange.Redis;

namespace Llama4.Client.Connection;

/// <summary>The address of a store in the form redis://[user:password@]HOST[:6379][/DB], or rediss:// for TLS.</summary>
internal static class RedisAddress
{
    /// <summary>How long one command may take, on machines that start many processes at once: past it the store counts as away.</summary>
    private const int CommandLimitMs = 5000;

    /// <param name="authority">Who may have signed the store's certificate besides those that this machine trusts: a PEM file; null for nobody.</param>
    /// <exception cref="ClusterRequestException">It is not such an address; one line.</exception>
    public static ConfigurationOptions Parse(Uri address, string? authority = null)
    {
        if (address is not { IsAbsoluteUri: true, Scheme: "redis" or "rediss" } || address.Host.Length == 0)
            throw new ClusterRequestException($"expected an address of the membership store like redis://HOST:6379, found '{address}'");
        var options = new ConfigurationOptions
        {
            EndPoints = { new DnsEndPoint(address.Host, address.Port > 0 ? address.Port : 6379) },
            Ssl = address.Scheme == "rediss",
            SslHost = address.Scheme == "rediss" ? address.Host : null,
            AbortOnConnectFail = false,
            ConnectTimeout = 2000,
            SyncTimeout = CommandLimitMs,
            AsyncTimeout = CommandLimitMs,
            ReconnectRetryPolicy = new LinearRetry(250),
            BacklogPolicy = BacklogPolicy.FailFast,
            IncludeDetailInExceptions = false, // a page of its client's own counters, in what operators read
        };
        if (options.Ssl && authority is not null)
            options.TrustIssuer(authority);
        if (address.UserInfo.Length > 0)
        {
            var parts = address.UserInfo.Split(':', 2);
            options.User = parts[0].Length > 0 ? Uri.UnescapeDataString(parts[0]) : null;
            options.Password = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : null;
        }
        var database = address.AbsolutePath.Trim('/');
        if (database.Length > 0)
        {
            options.DefaultDatabase = int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new ClusterRequestException($"expected a database number at the end of '{address.GetLeftPart(UriPartial.Authority)}/...', found '{database}'");
        }
        return options;
    }
}
