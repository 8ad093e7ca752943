using System.Text.Json;
using System.Text.Json.Serialization;
using Llama4.Contracts;

namespace Llama4.Gateway.Admin;

/// <summary>
/// A cluster's status as JSON and back: the fields of <see cref="ClusterStatus"/> in snake case, hosts by their names, conditions as words,
/// roles as an array of words. The plan is in it whole.
/// </summary>
public static class ClusterStatusJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new HostIdText(), new RoleWords(), new JsonStringEnumConverter<HostCondition>(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static void Write(Utf8JsonWriter json, ClusterStatus status) => JsonSerializer.Serialize(json, status, Options);

    /// <exception cref="JsonException">It is not what <see cref="Write"/> writes.</exception>
    public static ClusterStatus Read(string json)
    {
        var status = JsonSerializer.Deserialize<ClusterStatus>(json, Options);
        return status is { Hosts: not null, Faults: not null } ? status : throw new JsonException("hosts and faults are missing");
    }

    private sealed class HostIdText : JsonConverter<HostId>
    {
        public override HostId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => new(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, HostId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
    }

    private sealed class RoleWords : JsonConverter<HostRoles>
    {
        private static readonly HostRoles[] Single = [.. Enum.GetValues<HostRoles>().Where(role => role is not (HostRoles.None or HostRoles.Any))];

        public override HostRoles Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            var roles = HostRoles.None;
            foreach (var word in JsonSerializer.Deserialize<string[]>(ref reader) ?? [])
            {
                roles |= Enum.TryParse<HostRoles>(word, ignoreCase: true, out var role) ? role : throw new JsonException($"'{word}' is no role");
            }

            return roles;
        }

        public override void Write(Utf8JsonWriter writer, HostRoles value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (var role in Single.Where(role => value.HasFlag(role)))
            {
                writer.WriteStringValue(role.ToString().ToLowerInvariant());
            }

            writer.WriteEndArray();
        }
    }
}
