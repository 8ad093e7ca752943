using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Llama4.Cluster;
using Llama4.Contracts;
using Llama4.Gateway.Admin;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary>What <c>serve</c> asks of a process that joins others; all but --cluster mean nothing without it.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<Uri?> _cluster = new("--cluster")
    {
        Description = $"Join the cluster whose membership this store keeps: redis://[user:password@]HOST[:6379][/DB], rediss:// for TLS. Default: {StoreVariable}, which keeps a password off the command line, else a cluster of this process alone.",
        HelpName = "URL",
        CustomParser = result => ClusterAddress.TryStore(result.Tokens[0].Value, out var store)
            ? store
            : Refuse<Uri?>(result, $"--cluster: expected an address like redis://HOST:6379 or redis://HOST:6379/1, found '{ClusterAddress.WithoutSecret(result.Tokens[0].Value)}'"),
    };

    private readonly Option<string> _id = new("--cluster-id")
    {
        Description = "Tells clusters apart that share a store.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "llama4",
        CustomParser = result => string.IsNullOrWhiteSpace(result.Tokens[0].Value)
            ? Refuse<string>(result, $"--cluster-id: expected a name, found '{result.Tokens[0].Value}'")
            : result.Tokens[0].Value,
    };

    private readonly Option<HostRoles> _roles = new("--roles")
    {
        Description = "What this host may be given: any, or some of engine,attention,experts,vocabulary,gateway. With gateway alone it is a client of the others.",
        HelpName = "LIST",
        DefaultValueFactory = _ => HostRoles.Any,
        CustomParser = result => RoleList.Parse(result.Tokens[0].Value)
            ?? Refuse<HostRoles>(result, $"--roles: expected any, or a list of engine, attention, experts, vocabulary and gateway, found '{result.Tokens[0].Value}'"),
    };

    private readonly Option<long?> _memory = new("--memory")
    {
        Description = "Most bytes of weights, keys, values and buffers on this host, like 60GiB. Default: the machine's.",
        HelpName = "SIZE",
        CustomParser = result => ByteSize.TryParse(result.Tokens[0].Value, out var bytes)
            ? bytes
            : Refuse<long?>(result, $"--memory: expected a size like 512MiB or 60GB, found '{result.Tokens[0].Value}'"),
    };

    private readonly Option<string> _zone = new("--zone") { Description = "What fails together with this host, a rack say: standbys go elsewhere.", HelpName = "NAME", DefaultValueFactory = _ => "" };
    private readonly Option<string?> _name = new("--name") { Description = "First part of this host's name. Default: the machine's.", HelpName = "NAME" };

    private readonly Option<IPAddress?> _advertise = new("--advertise")
    {
        Description = "Address that other hosts reach this one at. Default: that of the interface towards the store.",
        HelpName = "IP",
        CustomParser = result => ClusterAddress.TryHost(result.Tokens[0].Value, out var address)
            ? address
            : Refuse<IPAddress?>(result, $"--advertise: expected this machine's IPv4 address like 10.0.0.7, found '{result.Tokens[0].Value}'"),
    };

    private readonly Option<int> _siloPort = new("--silo-port") { Description = "TCP port between hosts; 0 for a free one.", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _gatewayPort = new("--gateway-port") { Description = "TCP port for gateways and .NET clients without a host; 0 for a free one, which they find in the store.", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _standby = new("--standby") { Description = "Further hosts that hold each part loaded, as far as there is memory.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _replicas = new("--replicas") { Description = "Full sets of attention layers, each with its own keys and values.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<string?> _certificate = new("--cluster-tls") { Description = "This host's certificate with its key, PEM: TLS between hosts, both ways.", HelpName = "FILE" };
    private readonly Option<string?> _authority = new("--cluster-ca") { Description = "Who signs the certificates of all hosts, PEM.", HelpName = "FILE" };
    private readonly Option<int?> _adminPort = new("--admin-port") { Description = "Port of the operators' interface, on loopback; 0 for a free one. Default: none.", HelpName = "N" };

    private readonly Option<string?> _adminKey = new("--admin-key")
    {
        Description = $"Key of the operators' interface, at least {AdminSetup.KeyCharsMin} characters. Default: {AdminKeyVariable}, else one is made and printed.",
        HelpName = "KEY",
    };

    public const string AdminKeyVariable = "LLAMA4_ADMIN_KEY";

    /// <summary>Stands for --cluster where that is not given.</summary>
    public const string StoreVariable = "LLAMA4_CLUSTER";

    public ClusterOptions()
    {
        _siloPort.Within(0, 65535);
        _gatewayPort.Within(0, 65535);
        _adminPort.Within(0, 65535);
        _standby.Within(0, 16);
        _replicas.Within(1, 64);
    }

    private Option[] All => [_cluster, _id, _roles, _memory, _zone, _name, _advertise, _siloPort, _gatewayPort, _standby, _replicas, _certificate, _authority, _adminPort, _adminKey];

    /// <param name="ofGateway">What only a host with a gateway has a use for.</param>
    public void AddTo(Command command, params Option[] ofGateway)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_cluster) is not { Implicit: false } && StoreText is null)
            {
                if (All.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } lonely)
                {
                    result.AddError($"{lonely.Name} needs --cluster");
                }
            }
            else if (ofGateway.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } idle && result.GetResult(_roles) is { Implicit: false, Tokens: [var list] }
                && RoleList.Parse(list.Value) is { } roles && !roles.HasFlag(HostRoles.Gateway)) // what is no list is told by its parser
            {
                result.AddError($"{idle.Name} is a gateway's, and --roles names no gateway");
            }
            else if (result.GetResult(_certificate) is null != result.GetResult(_authority) is null)
            {
                result.AddError("--cluster-tls and --cluster-ca go together");
            }
            else if (result.GetResult(_adminKey) is not null && result.GetResult(_adminPort) is null)
            {
                result.AddError("--admin-key needs --admin-port");
            }
            else if (result.GetResult(_adminKey) is { Tokens: [{ Value: { Length: < AdminSetup.KeyCharsMin } key }] })
            {
                result.AddError($"--admin-key: expected at least {AdminSetup.KeyCharsMin} characters, found {key.Length}");
            }
        });
    }

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_cluster) is not null || StoreText is not null;

    /// <exception cref="FileNotFoundException">A certificate is not there; one line.</exception>
    /// <exception cref="UsageException">The address in the environment is none.</exception>
    public ClusterHostOptions Read(ParseResult parsed, ModelChoice model) => new()
    {
        Redis = parsed.GetValue(_cluster) ?? StoreOfEnvironment(),
        ClusterId = parsed.GetRequiredValue(_id),
        ModelDirectory = model.Directory,
        Roles = parsed.GetValue(_roles),
        Threads = model.Threads,
        KvBytes = model.KvBytes,
        MemoryBytes = parsed.GetValue(_memory),
        Zone = parsed.GetRequiredValue(_zone),
        Name = parsed.GetValue(_name),
        Advertise = parsed.GetValue(_advertise),
        SiloPort = parsed.GetValue(_siloPort),
        GatewayPort = parsed.GetValue(_gatewayPort),
        Standbys = parsed.GetValue(_standby),
        Replicas = parsed.GetValue(_replicas),
        TlsCertificate = Existing(parsed, _certificate),
        TlsAuthority = Existing(parsed, _authority),
    };

    /// <exception cref="UsageException">The key in the environment is too short.</exception>
    public ClusterDoors Doors(ParseResult parsed, PublicDoor door)
    {
        var adminPort = parsed.GetValue(_adminPort);
        return new ClusterDoors(
            parsed.GetValue(_roles).HasFlag(HostRoles.Gateway) ? door : null,
            adminPort,
            adminPort is null ? null : parsed.GetValue(_adminKey) ?? KeyOfEnvironment());
    }

    private static string? StoreText => SecretVariable.Address(StoreVariable);

    private static Uri StoreOfEnvironment() => ClusterAddress.TryStore(StoreText!, out var store)
        ? store!
        : throw new UsageException($"{StoreVariable}: expected an address like redis://HOST:6379 or redis://HOST:6379/1, found '{ClusterAddress.WithoutSecret(StoreText!)}'");

    private static string? KeyOfEnvironment() => SecretVariable.Key(AdminKeyVariable) switch
    {
        null => null,
        { Length: < AdminSetup.KeyCharsMin } key => throw new UsageException(
            $"{AdminKeyVariable}: expected at least {AdminSetup.KeyCharsMin} characters, found {key.Length}"),
        var key => key,
    };

    private static string? Existing(ParseResult parsed, Option<string?> file) =>
        parsed.GetValue(file) is { } path && !File.Exists(path) ? throw new FileNotFoundException($"{file.Name}: expected a file, found none at '{path}'") : parsed.GetValue(file);

    private static T? Refuse<T>(ArgumentResult result, string error)
    {
        result.AddError(error);
        return default;
    }
}
