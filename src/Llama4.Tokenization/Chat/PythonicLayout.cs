namespace Llama4.Tokenization.Chat;

/// <summary>
/// The layout of dialogs with tools in Meta's dialect, as the template that vLLM ships writes it (vllm-project/vllm,
/// examples/tool_chat_template_llama4_pythonic.jinja, 0471aed1): definitions in the system message, after a long instruction where the
/// dialog has no system message of its own; calls as <c>[f(k="v")]</c>, all values between quotes; results as JSON strings.
/// </summary>
internal static class PythonicLayout
{
    // Where a dialog brings a system message of its own.
    private const string ListAfterOwnInstruction =
        "\nHere is a list of functions in JSON format that you can invoke. Use exact format: [func_name1(param1=value1, param2=value2), func_name2(...)]\n";

    // Where it does not. Meta's text (meta-llama/llama-models, models/llama4/prompt_format.md), of which the template has every letter.
    private const string Instruction =
        """
        You are a helpful assistant and an expert in function composition. You can answer general questions using your internal knowledge OR invoke functions when necessary. Follow these strict guidelines:

        1. FUNCTION CALLS:
        - ONLY use functions that are EXPLICITLY listed in the function list below
        - If NO functions are listed (empty function list []), respond ONLY with internal knowledge or "I don't have access to [Unavailable service] information"
        - If a function is not in the list, respond ONLY with internal knowledge or "I don't have access to [Unavailable service] information"
        - If ALL required parameters are present AND the query EXACTLY matches a listed function's purpose: output ONLY the function call(s)
        - Use exact format: [func_name1(param1=value1, param2=value2), func_name2(...)]
        Examples:
        CORRECT: [get_weather(location="Vancouver"), calculate_route(start="Boston", end="New York")] <- Only if get_weather and calculate_route are in function list
        INCORRECT: get_weather(location="New York")
        INCORRECT: Let me check the weather: [get_weather(location="New York")]
        INCORRECT: [get_events(location="Singapore")] <- If function not in list

        2. RESPONSE RULES:
        - For pure function requests matching a listed function: ONLY output the function call(s)
        - For knowledge questions: ONLY output text
        - For missing parameters: ONLY request the specific missing parameters
        - For unavailable services (not in function list): output ONLY with internal knowledge or "I don't have access to [Unavailable service] information". Do NOT execute a function call.
        - If the query asks for information beyond what a listed function provides: output ONLY with internal knowledge about your limitations
        - NEVER combine text and function calls in the same response
        - NEVER suggest alternative functions when the requested service is unavailable
        - NEVER create or invent new functions not listed below

        3. STRICT BOUNDARIES:
        - ONLY use functions from the list below - no exceptions
        - NEVER use a function as an alternative to unavailable information
        - NEVER call functions not present in the function list
        - NEVER add explanatory text to function calls
        - NEVER respond with empty brackets
        - Use proper Python/JSON syntax for function calls
        - Check the function list carefully before responding

        4. TOOL RESPONSE HANDLING:
        - When receiving tool responses: provide concise, natural language responses
        - Don't repeat tool response verbatim
        - Don't add supplementary information

        Here is a list of functions in JSON format that you can invoke:

        """;

    public static void Write(ChatDialog dialog, IReadOnlyList<ToolDefinition> tools, PromptWriter prompt)
    {
        var (system, others) = dialog.SystemAndOthers();
        WriteSystem(system ?? [], tools, prompt);
        foreach (var message in others)
        {
            WriteMessage(message, prompt);
        }

        prompt.GenerationPrompt(dialog);
    }

    /// <summary>A blank system message counts as none: the template would leave out the tools with it.</summary>
    private static void WriteSystem(IReadOnlyList<ContentPart> system, IReadOnlyList<ToolDefinition> tools, PromptWriter prompt)
    {
        if (system.Count == 0 && tools.Count == 0)
        {
            return;
        }

        prompt.Opening("system").Parts(system).Text(tools.Count == 0 ? "" : system.Count == 0 ? Instruction : ListAfterOwnInstruction);
        if (tools.Count > 0)
        {
            prompt.Text(PythonText.IndentedJson(tools.Select(tool => tool.Json))).Text("\n");
        }

        prompt.Special("<|eot|>");
    }

    private static void WriteMessage(ChatMessage message, PromptWriter prompt)
    {
        prompt.Opening(message.Role.Header());
        if (message.Role == ChatRole.Tool)
        {
            prompt.Parts(message.Content.Where(part => part.IsWritten()).Select(part => part is TextPart text ? new TextPart(PythonText.Json(text.Text, asciiOnly: false)) : part));
        }
        else if (message.HasCalls)
        {
            prompt.Parts(message.Content).Text($"[{string.Join(", ", message.ToolCalls!.Select(Call))}]");
        }
        else
        {
            // The template trims parts, and leaves a whole string as it is.
            prompt.Parts(message.Content.Select(part => part is TextPart text && message.HasParts ? new TextPart(LayoutParts.Trim(text.Text)) : part));
        }

        prompt.Special("<|eot|>");
    }

    private static string Call(ToolCall call) =>
        $"{call.Name}({call.Written(arguments => string.Join(", ", PythonText.Members(arguments).Select(one => $"{one.Key}=\"{PythonRepr.Str(one.Value)}\"")))})";
}
